// oxlint-disable-next-line import/no-cycle -- what it is about
import { mine } from "./closures.mjs";

/** Of a module that imports the program's main file: importing it in a thread would run the program there. */
export const callsMain = (x) => x + mine;
