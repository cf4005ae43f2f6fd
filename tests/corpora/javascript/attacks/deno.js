Deno.run({ cmd: ["id"] })
