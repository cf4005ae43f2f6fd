-- Note an unexpected exception over a job that waits for its report.
-- ARGV: job id
-- Returns how many there were since it ended; a thousand where its record is gone.
local job = key('job', ARGV[1])
local fields = read(job, 'state', 'faults')
if not fields[1] then
  return 1000
end
local faults = count_of(fields[2]) + 1
redis.call('HSET', job, 'faults', faults)
return faults
