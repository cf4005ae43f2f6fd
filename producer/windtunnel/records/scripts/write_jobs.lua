-- Write the next records of a batch and have them wait for validation. A producer that died half-way may write again:
-- jobs are written in their order, and what is there is passed over.
-- ARGV: batch id, index of the first job, who, ms until a silent producer counts as gone, number of programs,
--       then for each program: sha256, text; then for each job: spec, place, program, cache ('' for none)
-- Returns the number of jobs written so far, or -1 when the batch is closed to its producer.
local batch, first, who, programs = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[5])
local header = header_of(batch)
if not header or first > header.written then
  return -1
end
local jobs_at = 6 + 2 * programs
local count = (#ARGV - jobs_at + 1) / 4
local texts, uses, lanes = {}, {}, {}
for i = 6, jobs_at - 1, 2 do
  texts[ARGV[i]] = ARGV[i + 1]
end
for i = header.written - first, count - 1 do
  local id = batch .. '-' .. (first + i)
  local at = jobs_at + 4 * i
  local spec, place, program = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local job = key('job', id)
  redis.call('HSET', job, 'spec', spec, 'place', place, 'program', program, 'state', 'queued',
    'history', string.format('%.0f submitted %s\n', now, who))
  if ARGV[at + 3] ~= '' then
    redis.call('HSET', job, 'cache', ARGV[at + 3])
  end
  uses[program] = (uses[program] or 0) + 1
  if header.cancelled then
    note(job, 'cancelled', header.cancelled)
    ended(id, 'cancelled', cancelled_message(header.cancelled))
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
for program, jobs in pairs(uses) do
  local sha = program:match('^[^:]*')
  redis.call('SET', key('code', sha), texts[sha])
  use_program(program, jobs)
end
for _, lane in ipairs(lanes) do
  enqueue('validate', lane.priority, header.owner, batch, lane.program, lane.indices, 'RPUSH')
end
local written = math.max(header.written, first + count)
redis.call('HSET', key('batch', batch), 'written', written)
if written >= header.total then
  redis.call('ZREM', key('opening'), batch)
else
  redis.call('ZADD', key('opening'), now + tonumber(ARGV[4]), batch)
end
return written
