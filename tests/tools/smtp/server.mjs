// A mail server for tests: node server.mjs FILE [port=N] [starttls[=certified]] [login=USER:PASSWORD]. With `starttls` its certificate
// is one that no program of today reads, with `starttls=certified` the one beside this file, which nobody else has. It appends each letter that it takes
// to FILE, a line of JSON each, before it says so. Some addresses it treats in their own way, by what stands before the `@`:
// refused@ is refused for good, later@ for now, busy@ once the letter is there, with a good-bye, cut@ loses the line once its
// letter is taken, slow@ waits a second before that.
import { appendFileSync, readFileSync } from "node:fs";
import { SMTPServer } from "smtp-server";

const [file, ...options] = process.argv.slice(2);
const option = (name) => options.find((it) => it === name || it.startsWith(`${name}=`))?.slice(name.length + 1);
const login = option("login");
const certified =
  option("starttls") === "certified"
    ? { key: readFileSync("throwaway_key.pem"), cert: readFileSync("throwaway_certificate.pem") }
    : {};
const disabled = [...(option("starttls") === undefined ? ["STARTTLS"] : []), ...(login ? [] : ["AUTH"])];
const refusal = (code, words) => Object.assign(new Error(words), { responseCode: code });
const name = (address) => address.address.split("@")[0];

const server = new SMTPServer({
  ...certified,
  disabledCommands: disabled,
  authOptional: !login,
  allowInsecureAuth: true,
  disableReverseLookup: true,
  onAuth(auth, session, done) {
    const right = `${auth.username}:${auth.password}` === login;
    done(right ? null : refusal(535, "no such user"), right ? { user: auth.username } : undefined);
  },
  onRcptTo(address, session, done) {
    if (name(address) === "refused") return done(refusal(550, "5.1.1 nobody of that name"));
    if (name(address) === "later") return done(refusal(451, "4.7.1 come back later"));
    done();
  },
  onData(stream, session, done) {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => {
      const to = session.envelope.rcptTo.map((it) => it.address);
      const first = name(session.envelope.rcptTo[0]);
      if (first === "busy") return done(refusal(421, "4.3.2 too much to do"));
      const take = () => {
        const letter = { to, secure: session.secure, raw: Buffer.concat(parts).toString("latin1") };
        appendFileSync(file, `${JSON.stringify(letter)}\n`);
        if (first === "cut") return process.exit(0);
        done();
      };
      if (first === "slow") setTimeout(take, 1000);
      else take();
    });
  },
});
server.on("error", () => {});
server.listen(Number(option("port") ?? 0), "127.0.0.1", () => console.log(server.server.address().port));
