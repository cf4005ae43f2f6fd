import { SMA, RSI } from "technicalindicators";
console.log(SMA.calculate({ period: 2, values: [1, 2, 3] }), RSI);
