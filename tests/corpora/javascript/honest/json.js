const cfg = JSON.parse('{"fast":3}');
console.log(JSON.stringify(cfg, null, 2));
