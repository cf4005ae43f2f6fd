-- An archiver has written a part, or could not. One that comes late, when another part has begun, changes nothing.
-- ARGV: who, the part's first report, '1' if it is written
local turn, part = key('archive', 'turn'), key('archive', 'part')
if ARGV[3] == '1' and redis.call('LINDEX', part, 0) == ARGV[2] then
  redis.call('DEL', part)
end
if redis.call('GET', turn) == ARGV[1] then
  redis.call('DEL', turn)
end
