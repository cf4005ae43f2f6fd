-- Write the next records of a batch and have them wait for validation. A producer that died half-way may write again:
-- jobs are written in their order, and what is there is passed over.
-- ARGV: batch id, index of the first job, who, ms until a silent producer counts as gone,
--       then for each job: spec, place, program
-- Returns the number of jobs written so far, or -1 when the batch is closed to its producer.
local batch, first, who = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local header = redis.call('HMGET', key('batch', batch), 'written', 'total', 'owner', 'cancelled')
if not header[1] then
  return -1
end
local written, total, owner = tonumber(header[1]), tonumber(header[2]), header[3]
local count = (#ARGV - 4) / 3
if first > written then
  return -1
end
local lanes = {}
for i = written - first, count - 1 do
  local id = batch .. '-' .. (first + i)
  local at = 5 + 3 * i
  local spec, place, program = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local job = key('job', id)
  redis.call('HSET', job, 'spec', spec, 'place', place, 'program', program, 'state', 'queued',
    'history', string.format('%.0f submitted %s\n', now, who))
  if header[4] then
    note(job, 'cancelled', header[4])
    ended(id, 'cancelled', 'Cancelled by ' .. header[4] .. '.')
  else
    local priority = place:sub(1, 1)
    local lane = lanes[priority .. program]
    if not lane then
      lane = { priority = priority, program = program, indices = {} }
      lanes[priority .. program] = lane
      table.insert(lanes, lane)
    end
    table.insert(lane.indices, first + i)
  end
end
for _, lane in ipairs(lanes) do
  use_program(lane.program, #lane.indices)
  enqueue('validate', lane.priority, owner, batch, lane.program, lane.indices, 'RPUSH')
end
written = math.max(written, first + count)
redis.call('HSET', key('batch', batch), 'written', written)
if written >= total then
  redis.call('ZREM', key('opening'), batch)
else
  redis.call('ZADD', key('opening'), now + tonumber(ARGV[4]), batch)
end
return written
