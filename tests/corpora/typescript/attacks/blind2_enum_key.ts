enum K { A = "constructor" }
const C: any = (Math.max as any)[K.A];
C("return process")();
