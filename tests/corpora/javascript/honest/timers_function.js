setTimeout(() => console.log("later"), 0);
