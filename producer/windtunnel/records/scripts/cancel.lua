-- Cancel jobs: those that wait end at once, those that run are told to stop.
-- ARGV: who, then job ids
-- Returns {jobs that ended, jobs told to stop, wake finalize 0|1}
local who = ARGV[1]
local message = 'Cancelled by ' .. who .. '.'
local done, told = 0, 0
for i = 2, #ARGV do
  local id = ARGV[i]
  local job = key('job', id)
  local fields = read(job, 'state', 'stop')
  if fields[1] == 'queued' or fields[1] == 'ready' then
    withdraw(id)
    redis.call('HDEL', job, 'token')
    note(job, 'cancelled', who)
    ended(id, 'cancelled', message)
    done = done + 1
  elseif fields[1] == 'running' and not fields[2] then
    redis.call('HSET', job, 'stop', 'cancelled ' .. message)
    note(job, 'cancelled', who)
    told = told + 1
  elseif fields[1] == 'ended' then -- or it would go on if it passes a stage
    redis.call('HSET', job, 'stop', 'cancelled ' .. message)
  end
end
return { done, told, done > 0 and wake_finalize() or 0 }
