-- Charge a token's allowance for the day, all or nothing, after settling what its finished batches did not use.
-- ARGV: token, day, digest of the submission ('' for none), retention s, most open batches,
--       then for each of jobs, seconds and validations: wanted, most
-- Returns {'charged'} | {'paid'} if this submission was charged before | {'spent', what, used, most} | {'open', count}
local token, day, digest = ARGV[1], ARGV[2], ARGV[3]
local open = key('allowance', token, 'open')

-- A finished batch costs the slot-seconds that it used, not those that were reserved.
local function settle()
  local batches = redis.call('HGETALL', open)
  for at = 1, #batches, 2 do
    local charged_on, reserved = batches[at + 1]:match('^(%S+) (%S+)$')
    local header = header_of(batches[at])
    if not header or (header.finished or 0) >= (header.total or 0) then
      local left = header and number(reserved) - header.spent or 0
      add(key('allowance', token, charged_on), 'seconds', -left)
      redis.call('EXPIRE', key('allowance', token, charged_on), 172800)
      redis.call('HDEL', open, batches[at])
    end
  end
end

settle()
local paid = digest ~= '' and key('allowance', token, 'paid', digest)
if paid and redis.call('EXISTS', paid) == 1 then
  return { 'paid' }
end
if paid and redis.call('HLEN', open) >= tonumber(ARGV[5]) then
  return { 'open', redis.call('HLEN', open) }
end
local at, wanted = key('allowance', token, day), {}
for place, what in ipairs({ 'jobs', 'seconds', 'validations' }) do
  local more, most = tonumber(ARGV[4 + 2 * place]), tonumber(ARGV[5 + 2 * place])
  local used = number(redis.call('HGET', at, what))
  if more > 0 and used + more > most then
    return { 'spent', what, tostring(used), tostring(most) }
  end
  wanted[what] = more
end
for what, more in pairs(wanted) do
  add(at, what, more)
end
redis.call('EXPIRE', at, 172800)
if paid then
  redis.call('SET', paid, '', 'EX', tonumber(ARGV[4]))
end
return { 'charged' }
