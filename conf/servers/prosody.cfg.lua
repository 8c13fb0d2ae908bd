-- Prosody: save this as /etc/prosody/conf.d/moongate.cfg.lua (or put it at the
-- end of prosody.cfg.lua), with a secret of your own, and restart Prosody.
-- The same domain and secret go into networks.sms of moongate.conf.
--
-- `moongate doctor` prints what else Prosody lacks: access to rosters
-- (mod_privilege of prosody-modules), slots for files (http_file_share).
--
-- Prosody listens for components on 127.0.0.1:5347 by itself. It has no TLS for
-- components: to reach it from another machine use a tunnel.

-- With http_file_share on this server, photos that come in are put there; on a
-- host of another Prosody it needs http_file_share_access = { "sms.example.org" }

Component "sms.example.org"
    component_secret = "change-me"
