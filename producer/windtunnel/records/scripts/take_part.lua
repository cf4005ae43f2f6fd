-- Hand an archiver the part that it is to write: the one that was begun before, or the oldest reports of the spool.
-- One archiver at a time, until its lease runs out; then another one gets the very same part.
-- ARGV: who, lease ms, reports of a part, ms after which a smaller part is made
-- Returns how many reports wait, and the part: `<job> <attempt> <ms>` each
local turn, spool, part = key('archive', 'turn'), key('archive'), key('archive', 'part')
local most = tonumber(ARGV[3])

local function is_due()
  local first = redis.call('LINDEX', spool, 0)
  if not first or redis.call('LLEN', spool) >= most then
    return first
  end
  local age = now - number(first:match('%d+$'))
  return age < 0 or age >= tonumber(ARGV[4]) -- a time that is yet to come is damaged
end

if redis.call('LLEN', part) == 0 and not is_due() then
  return { redis.call('LLEN', spool), {} }
end
if not redis.call('SET', turn, ARGV[1], 'NX', 'PX', ARGV[2]) then
  return { redis.call('LLEN', spool), {} }
end
if redis.call('LLEN', part) == 0 then
  redis.call('RPUSH', part, unpack(redis.call('LRANGE', spool, 0, most - 1)))
  redis.call('LTRIM', spool, most, -1)
end
return { redis.call('LLEN', spool), redis.call('LRANGE', part, 0, -1) }
