const d = new Date(2020, 0, 1);
d.setDate(d.getDate() + 1);
console.log(d.toISOString().slice(0, 10), Date.now() > 0);
