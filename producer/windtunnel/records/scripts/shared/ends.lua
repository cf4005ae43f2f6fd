-- A job that has its end, and waits for its report. Further arguments: more fields of its record and their values.
local function ended(id, outcome, message, ...)
  local job = key('job', id)
  redis.call('HSET', job, 'state', 'ended', 'outcome', outcome, 'faults', 0, ...) -- each stage counts its own
  if message then
    redis.call('HSET', job, 'message', message)
  end
  redis.call('ZADD', key('ended'), now, id)
end

-- The record is gone or cannot be understood, whoever did that: its batch still needs a report for it.
local function damaged(id)
  local job = key('job', id)
  if redis.call('HEXISTS', job, 'state') == 1 then
    note(job, 'damaged', 'records')
    ended(id, 'infrastructure_error', 'What is stored of this job is damaged, so it did not run. Submit it again.')
  else
    note(job, 'removed', 'records')
    ended(id, 'lost', 'The record of this job was removed before it ended.')
  end
end

-- The job's batch is gone, or has no such job: nobody can be told how it ended, so it leaves.
local function discard(id)
  local job = key('job', id)
  local fields = read(job, 'program', 'state')
  redis.call('ZREM', key('ended'), id)
  redis.call('ZREM', key('later'), id)
  if fields[2] == 'finished' then
    return
  end
  local unused = fields[1] and use_program(fields[1], -1)
  if unused then
    redis.call('EXPIRE', key('code', unused), ORPHANS_LIVE_S)
  end
  redis.call('DEL', job, key('job', id, 'attempts'))
end

-- `stop` is why a job must stop, '<reason> <message>'. Ends it; returns false where there is no reason.
local function stopped(id, stop)
  if not stop then
    return false
  end
  ended(id, 'cancelled', stop:match('^%S+ (.*)$'))
  return true
end

-- True when somebody must be woken to write reports: nobody was within the last second.
local function wake_finalize()
  return redis.call('SET', key('waking'), 1, 'NX', 'PX', 1000) and 1 or 0
end
