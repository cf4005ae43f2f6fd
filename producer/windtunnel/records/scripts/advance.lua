-- A job of a cascade has passed a stage: its trial is noted, and it waits for a slot again, with another spec.
-- ARGV: job id, attempt, token, spec, summary of the attempt, attempts kept, who, stage, trial ('' or as `finish` has it)
-- Returns 1, 2 when it was cancelled meanwhile, or 0 when the attempt is not the current one.
local id, batch = ARGV[1], batch_of(ARGV[1])
local job = key('job', id)
local fields = read(job, 'state', 'attempt', 'token', 'stop')
local header = header_of(batch)
if not header then
  discard(id)
  return 0
end
if fields[1] ~= 'ended' or (fields[2] or '') ~= ARGV[2] or (fields[3] or '') ~= ARGV[3]
  or not redis.call('ZSCORE', key('ended'), id) then
  return 0
end
note_trial(header.owner, ARGV[9])
redis.call('RPUSH', key('job', id, 'attempts'), ARGV[5])
redis.call('LTRIM', key('job', id, 'attempts'), -tonumber(ARGV[6]), -1)
redis.call('HSET', job, 'spec', ARGV[4], 'state', 'ready', 'round', count_of(fields[2]))
redis.call('HDEL', job, 'outcome', 'execution', 'message', 'token', 'begun', 'stop', 'faults', 'avoid', 'suspect')
redis.call('ZREM', key('ended'), id)
note(job, 'advanced', ARGV[7], 'stage ' .. ARGV[8])
if stopped(id, fields[4]) then
  return 2
elseif keep_to_budget(batch, header) and not goes_on(id, header.cancelled) then
  note(job, 'cancelled', header.cancelled)
  ended(id, 'cancelled', cancelled_message(header.cancelled))
  return 2
end
wait_again(id, 'ready', 'RPUSH')
return 1
