-- A program is to run on hold-outs: once on each, in the name of one job. Nothing that is written here is ever changed.
-- ARGV: essence of the program, job id, then digests of the hold-outs
-- Returns '' | the job that had it promoted on one of them before.
local program, id = ARGV[1], ARGV[2]
for i = 3, #ARGV do
  local at = key('promotions', ARGV[i])
  local noted = redis.call('HGET', at, program)
  local job = noted and (noted:match('^%S+') or '?') or id -- '?': a note that is damaged is one
  if job ~= id or redis.call('HEXISTS', at, id .. ':result') == 1 then
    return job
  end
end
for i = 3, #ARGV do
  redis.call('HSETNX', key('promotions', ARGV[i]), program, string.format('%s %.0f', id, now))
end
return ''
