import { describe, expect, it } from "vitest";
import { takePieces } from "../../../graph/superstep/claims.ts";

describe("takePieces", () => {
  it("gives every piece to one task, in order, whatever the turns they take", () => {
    for (const turns of ["0101010101", "0000000011", "1001100110", "2012012012"]) {
      const owners = new Int32Array(10);
      const tasks = [0, 1, 2].map((task) => takePieces(owners, task));
      const taken: number[][] = [[], [], []];
      for (const turn of `${turns}${turns}012`.split("")) {
        const { value, done } = tasks[Number(turn)]!.next();
        if (done !== true) taken[Number(turn)]!.push(value);
      }
      expect(taken.flat().toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      for (const own of taken) expect(own).toEqual(own.toSorted((a, b) => a - b));
      expect(Array.from(owners)).toEqual(
        Array.from({ length: 10 }, (_, piece) => taken.findIndex((own) => own.includes(piece)) + 1),
      );
    }
  });

  it("gives a task's second attempt what the first had taken, and then the rest", () => {
    const owners = new Int32Array(5);
    const [first, other] = [takePieces(owners, 1), takePieces(owners, 0)];
    expect([first.next().value, other.next().value, first.next().value]).toEqual([0, 1, 2]);
    expect([...takePieces(owners, 1)]).toEqual([0, 2, 3, 4]);
    expect([...other]).toEqual([]);
  });
});
