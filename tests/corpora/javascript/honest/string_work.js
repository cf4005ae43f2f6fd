const s = "Close price";
console.log(s.toUpperCase().split(" ").reverse().join("-"), s.includes("Close"), s.padStart(20), s.replace("p", "P"));
