/** A dataset: `index` holds the first column as text, `column(name)` any other as numbers (NaN where empty). */
interface Table {
  readonly name: string;
  readonly columns: string[];
  readonly index: string[];
  readonly length: number;
  column(name: string): number[];
  text(name: string): string[];
}
declare const data: Readonly<Record<string, Table>>;
declare const params: Record<string, any>;
declare const seed: number;
declare function emit(name: string, value: unknown): void;
declare function emit(values: Record<string, unknown>): void;

declare const console: Record<"log" | "info" | "warn" | "error" | "debug" | "table", (...values: unknown[]) => void>;
declare const performance: { now(): number };
declare const process: any;
declare const Buffer: any;
declare function require(name: string): any;
declare function setTimeout(run: (...values: any[]) => void, milliseconds?: number, ...values: any[]): any;
declare function clearTimeout(timer: any): void;
declare module "d3-array";
declare module "d3-random";
declare module "lodash";
declare module "assert";
declare module "fs";
declare module "path";
declare module "util";
