const queue = [];
queue.push({ type: "bar", close: 1 });
while (queue.length > 0) { const e = queue.shift();
if (e.type === "bar") console.log(e.close);
}
