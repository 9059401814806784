/** A share as whole percent, `-` where there is none. */
export function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(0)} %`
}
