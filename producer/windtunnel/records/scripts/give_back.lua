-- A session gives back jobs that it has not begun.
-- ARGV: session, then ids and tokens in turn
local session = ARGV[1]
for i = 2, #ARGV, 2 do
  untouched(session, ARGV[i], ARGV[i + 1])
end
rest(session)
return 1
