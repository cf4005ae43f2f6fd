-- Add a version of a dataset to the catalogue.
-- ARGV: name, number, sha256 of its file, document
-- Returns 1 | 0 another version has that number.
local at, entry = key('dataset', ARGV[1]), ARGV[3] .. ' ' .. ARGV[4]
local there = redis.call('HGET', at, ARGV[2])
if there and there ~= entry then
  return 0
end
redis.call('HSET', at, ARGV[2], entry)
local newest = redis.call('HGET', key('datasets'), ARGV[1]) or '0'
if tonumber(ARGV[2]) >= number(newest:match('^%d+')) then
  redis.call('HSET', key('datasets'), ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
end
return 1
