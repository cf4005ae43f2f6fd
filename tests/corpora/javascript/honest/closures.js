const counter = () => { let c = 0;
return () => ++c;
};
const f = counter();
f();
console.log(f());
