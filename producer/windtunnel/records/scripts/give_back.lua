-- A session gives back jobs that it has not begun. They wait in front, in the order they were claimed in, or pause first.
-- ARGV: session, ms of a pause (0: none), why, then ids and tokens in turn
local session, pause = ARGV[1], tonumber(ARGV[2])
for i = #ARGV - 1, 4, -2 do
  untouched(session, ARGV[i], ARGV[i + 1], pause, ARGV[3])
end
rest(session)
return 1
