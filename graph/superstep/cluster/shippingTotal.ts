import type { ExchangeReport } from "../../../core/host/host.ts";
import type { ShippingReport } from "../carrier.ts";

/** What the exchange of a stage comes to over its hosts: bytes of all, the slowest for each part of the time. */
export class ShippingTotal {
  #total: ShippingReport = { bytes: 0, computeMs: 0, shipMs: 0, waitMs: 0 };

  get report(): ShippingReport {
    return this.#total;
  }

  readonly add = ({ bytes, computeMs, shipMs, waitMs }: Omit<ExchangeReport, "jobId" | "stageId" | "host">): void => {
    const total = this.#total;
    this.#total = {
      bytes: total.bytes + bytes,
      computeMs: Math.max(total.computeMs, computeMs),
      shipMs: Math.max(total.shipMs, shipMs),
      waitMs: Math.max(total.waitMs, waitMs),
    };
  };

  /** One after the other. */
  after({ bytes, computeMs, shipMs, waitMs }: ShippingReport): ShippingReport {
    const total = this.#total;
    return {
      bytes: bytes + total.bytes,
      computeMs: computeMs + total.computeMs,
      shipMs: shipMs + total.shipMs,
      waitMs: waitMs + total.waitMs,
    };
  }
}
