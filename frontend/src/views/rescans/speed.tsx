import { Sparkline } from "@mantine/charts";

/** A line of how fast a job went. */
export default function Speed({ rates, label }: { rates: number[]; label: string }) {
  return (
    <div role="img" aria-label={label}>
      <Sparkline h={54} data={rates} curveType="monotone" strokeWidth={1.5} fillOpacity={0.25} />
    </div>
  );
}
