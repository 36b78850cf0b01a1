// The OpenID Connect server that the tests sign in at: a real one, on a port of its own, over plain HTTP on this machine.
// It writes its issuer to stdout, then takes orders from stdin, one a line, and writes "done" after each:
//   groups NAME GROUP...   whoever signs in as NAME is in these groups from now on
//   leave NAME             NAME is known no more
//   rotate                 tokens are signed with another key, and the old one is published no more
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const people = new Map([
  ["ada", { email: "ada@example.com", email_verified: true, name: "Ada Quist", groups: ["signboard-admins", "staff"] }],
  ["ben", { email: "ben@example.com", email_verified: true, name: "Ben Moor", groups: ["staff"] }],
  ["cleo", { email: "cleo@example.com", email_verified: true, name: "Cleo Tan", groups: ["kitchen"] }],
  ["dan", { email: "dan@example.com", email_verified: false, name: "Dan Roe", groups: ["staff"] }],
]);
let keys = 0;

function key(alg) {
  keys += 1;
  const { privateKey } =
    alg === "ES256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: `key-${keys}`, use: "sig", alg };
}

const month = 30 * 24 * 60 * 60;
const configuration = () => ({
  clients: [
    {
      client_id: "signboard",
      client_secret: "a secret of the tests alone",
      // A native client's port may be any.
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/sign-in/oidc/back"],
      grant_types: ["authorization_code", "refresh_token"],
    },
    {
      // An e-signature service that fetches tokens for its callbacks: resource=urn:board:ES256 gives one signed so.
      client_id: "provider",
      client_secret: "another secret of the tests alone",
      redirect_uris: [],
      response_types: [],
      grant_types: ["client_credentials"],
    },
  ],
  jwks: { keys: ["RS256", "PS256", "ES256"].map(key) },
  cookies: { keys: ["the tests"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_ctx, resource) => ({
        scope: "",
        audience: "board",
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: resource.split(":").pop() } },
      }),
    },
  },
  pkce: { required: () => true },
  issueRefreshToken: async () => true,
  // The board under test has a clock of its own.
  ttl: {
    AccessToken: month, AuthorizationCode: 60, ClientCredentials: 300, Grant: month, IdToken: month, Interaction: 600, RefreshToken: month,
    Session: month,
  },
  findAccount: async (_ctx, id) =>
    people.has(id) ? { accountId: id, claims: async () => ({ sub: id, ...people.get(id) }) } : undefined,
});

const server = createServer((request, response) => provider.callback()(request, response));
let provider;
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const issuer = `http://127.0.0.1:${server.address().port}`;
provider = new Provider(issuer, configuration());
process.stdout.write(`${issuer}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const [what, name, ...words] = line.trim().split(/\s+/);
  if (what === "groups") people.get(name).groups = words;
  else if (what === "leave") people.delete(name);
  else if (what === "rotate") provider = new Provider(issuer, configuration());
  process.stdout.write("done\n");
}
// Whoever started us is gone.
process.exit(0);
