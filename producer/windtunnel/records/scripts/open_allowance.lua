-- Note which batch a charged submission became, so that what it does not use is given back when it is finished.
-- ARGV: token, day, digest of the submission, batch id, slot-seconds reserved
local paid = key('allowance', ARGV[1], 'paid', ARGV[3])
if redis.call('GET', paid) == '' then
  redis.call('SET', paid, ARGV[4], 'KEEPTTL')
  redis.call('HSET', key('allowance', ARGV[1], 'open'), ARGV[4], ARGV[2] .. ' ' .. ARGV[5])
end
return 1
