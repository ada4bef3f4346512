export interface Sample {
  /** In ms. */
  at: number;
  past: number;
}

const MOST = 180;
const OVER_MS = 4000;

/** Samples with a new one; a run that begins anew, as after a retry, begins them anew. */
export function sampled(samples: readonly Sample[], sample: Sample): Sample[] {
  const last = samples.at(-1);
  if (last && sample.past < last.past) return [sample];
  if (last && sample.at - last.at < 500) return [...samples];
  return [...samples, sample].slice(-MOST);
}

/** Photos a second at each sample but the first, each over the last few seconds so that the line is calm. */
export function rates(samples: readonly Sample[]): number[] {
  return samples.slice(1).map((now, index) => {
    const from = samples.slice(0, index + 1).find(({ at }) => now.at - at <= OVER_MS) ?? samples[index];
    return from && now.at > from.at ? ((now.past - from.past) * 1000) / (now.at - from.at) : 0;
  });
}
