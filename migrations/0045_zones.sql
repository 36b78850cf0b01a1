-- Whoever reads times in another zone from now on has pages open that say them in the old one: these begin anew at once.
CREATE TRIGGER user_zone_changed AFTER UPDATE OF zone ON users WHEN OLD.zone IS NOT NEW.zone
BEGIN UPDATE ends SET n = n + 1; END;
