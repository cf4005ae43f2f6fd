-- Record a verdict on the jobs of one program that a session claimed, and pass them on: accepted ones to the schedule,
-- rejected ones to their report.
-- ARGV: batch id, session, policy that judged, '1' safe | '0' rejected, token, then the job ids
-- Returns {jobs that became ready by pool: pool, count, …}, wake finalize 0|1
local batch, session, policy, safe, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5]
local owner = redis.call('HGET', key('batch', batch), 'owner')
local lanes, rejected = {}, false
for i = 6, #ARGV do
  local id = ARGV[i]
  local job = key('job', id)
  local fields = redis.call('HMGET', job, 'state', 'token', 'place', 'attempt', 'stop')
  redis.call('HDEL', key('held', session), id)
  if fields[1] == 'queued' and fields[2] == token then
    redis.call('HSET', job, 'policy', policy)
    redis.call('HDEL', job, 'token')
    note(job, 'validated', session, safe and 'safe' or 'rejected')
    if not safe then
      redis.call('HSET', job, 'attempt', number(fields[4]) + 1)
      ended(id, 'rejected')
      rejected = true
    else
      redis.call('HSET', job, 'state', 'ready')
      local lane = lanes[fields[3]]
      if not lane then
        lane = { place = fields[3], indices = {} }
        lanes[fields[3]] = lane
        table.insert(lanes, lane)
      end
      table.insert(lane.indices, index_of(id))
    end
  end
end
if redis.call('EXISTS', key('held', session)) == 0 then
  redis.call('ZREM', key('leases'), session)
end
local ready = {}
for _, lane in ipairs(lanes) do
  local priority, pool, needs = place_of(lane.place)
  enqueue('execute.' .. pool, priority, owner, batch, needs, lane.indices, 'RPUSH')
  table.insert(ready, pool)
  table.insert(ready, #lane.indices)
end
return { ready, rejected and wake_finalize() or 0 }
