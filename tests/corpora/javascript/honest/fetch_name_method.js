class Feed { fetch(i) { return i;
} } console.log(new Feed().load === undefined);
