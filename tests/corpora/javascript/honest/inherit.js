class Base { run() { return 1;
} } class Child extends Base { constructor() { super();
this.n = 2;
} run() { return super.run() + this.n;
} } console.log(new Child().run());
