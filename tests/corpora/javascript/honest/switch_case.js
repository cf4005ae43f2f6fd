const act = s => { switch (s) { case "buy": return 1;
case "sell": return -1;
default: return 0;
} };
console.log(act("buy"));
