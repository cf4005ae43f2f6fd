-- Record a verdict on the jobs of one program that a session claimed, and pass them on: accepted ones to the schedule,
-- rejected ones to their report.
-- ARGV: batch id, session, policy that judged, '1' safe | '0' rejected, token, '1' its results may be cached | '0' not,
--       'cached' | 'new' verdict,
--       then the job ids
-- Returns {jobs that became ready by pool: pool, count, …}, wake finalize 0|1
local batch, session, policy, safe, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1', ARGV[5]
local cacheable = ARGV[6] == '1'
local header = header_of(batch)
local lanes, over = {}, false
for i = 8, #ARGV do
  local id = ARGV[i]
  local job = key('job', id)
  local fields = read(job, 'state', 'token', 'place', 'attempt', 'program', 'avoid', 'history', 'cache',
    'faults')
  local ours = holds(session, id, token)
  if ours then
    redis.call('HDEL', key('held', session), id)
  end
  local priority, pool, needs = place_of(fields[3])
  if not header or fields[1] ~= 'queued' or fields[2] ~= token or not priority then
    if ours then
      find(id)
      over = true
    end
  else
    local history = history_with(fields[7], 'validated', session, safe and 'safe' or 'rejected')
    if not safe then
      ended(id, 'rejected', nil, 'policy', policy, 'token', '', 'history', history, 'attempt', count_of(fields[4]) + 1)
      over = true
    else
      redis.call('HSET', job, 'state', 'ready', 'policy', policy, 'token', '', 'history', history)
      if fields[9] then
        redis.call('HDEL', job, 'faults') -- each stage counts its own
      end
      local standing = 'ready'
      if fields[8] and cacheable and not header.cancelled then
        standing = admit(id, fields[8], fields[3], header)
      elseif fields[8] then
        redis.call('HDEL', job, 'cache')
      end
      over = over or standing == 'answered'
      local name = lane_of('ready', fields[5], needs, fields[6])
      local where = priority .. ' ' .. pool .. ' ' .. name
      local lane = lanes[where]
      if not lane then
        lane = { priority = priority, pool = pool, name = name, indices = {} }
        lanes[where] = lane
        table.insert(lanes, lane)
      end
      if standing == 'ready' then
        table.insert(lane.indices, index_of(id))
      end
    end
  end
end
rest(session)
local ready = {}
if over or #lanes > 0 then
  tally('verdicts:' .. ARGV[7], 1)
end
for _, lane in ipairs(lanes) do
  if #lane.indices > 0 then
    enqueue('execute.' .. lane.pool, lane.priority, header.owner, batch, lane.name, lane.indices, 'RPUSH')
    table.insert(ready, lane.pool)
    table.insert(ready, #lane.indices)
  end
end
return { ready, over and wake_finalize() or 0 }
