import type { Cell, TrustEvaluation } from './evaluation.ts'
import { POLICIES, type PolicyName } from './policies.ts'

const PANEL = { width: 400, head: 30, row: 19, foot: 26, gap: 18, label: 96, value: 116 } as const
const COLUMNS = 3
const MARGIN = { side: 18, top: 78, foot: 40 } as const
const COLOURS = { ink: '#1b1f24', dim: '#5a6472', grid: '#d8dee4', other: '#9aa7b4', own: '#0b6bcb', bar: '#3d4752' } as const
const FONT = 'font-family="system-ui, Segoe UI, Helvetica, Arial, sans-serif"'
/** Left end of the logarithmic axis, and the values that have a line, harmful actions per agent. */
const AXIS_MIN = 0.1
const TICKS = [0.1, 1, 10, 100, 1_000] as const

/** The evaluation as an SVG picture: a panel per world, a bar per policy, harmful actions per agent on a logarithmic axis with intervals. */
export function pictureOf({ plan, worlds, policies, cells }: TrustEvaluation): string {
  const panelHeight = PANEL.head + policies.length * PANEL.row + PANEL.foot
  const columns = Math.min(COLUMNS, worlds.length)
  const width = Math.max(700, 2 * MARGIN.side + columns * PANEL.width + (columns - 1) * PANEL.gap)
  const rows = Math.ceil(worlds.length / COLUMNS)
  const height = MARGIN.top + rows * (panelHeight + PANEL.gap) + MARGIN.foot
  const most = Math.max(10, ...cells.map(({ summary }) => summary.harmful.high))
  const panels = worlds.map(({ name, title }, at) => {
    const x = MARGIN.side + (at % COLUMNS) * (PANEL.width + PANEL.gap)
    const y = MARGIN.top + Math.floor(at / COLUMNS) * (panelHeight + PANEL.gap)
    return panel(
      title,
      cells.filter(({ world }) => world === name),
      { x, y, most },
    )
  })
  const agents = `${plan.agents * plan.seeds.length} agents, ${plan.days} days, seeds ${plan.seeds.join(', ')}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>Harmful actions carried out per agent, by world and policy</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(MARGIN.side, 32, 'Harmful actions carried out per agent', { size: 20, weight: 600 }),
    text(MARGIN.side, 54, `${agents}. Logarithmic axis; lines are 95 % intervals; on the right the mean, and how much of its`, {
      colour: COLOURS.dim,
    }),
    text(MARGIN.side, 70, 'light / medium work an agent did by itself.', { colour: COLOURS.dim }),
    ...panels,
    text(
      MARGIN.side,
      height - 14,
      'The worlds are made up: they show mechanisms, not field performance. Only gradus uses severity classes and the other layers.',
      { colour: COLOURS.dim },
    ),
    '</svg>',
    '',
  ].join('\n')
}

type Place = { readonly x: number; readonly y: number; readonly most: number }

function panel(title: string, cells: readonly Cell[], { x, y, most }: Place): string {
  const left = x + PANEL.label
  const span = PANEL.width - PANEL.label - PANEL.value
  const across = (value: number): number =>
    left + (span * Math.log(Math.max(value, AXIS_MIN) / AXIS_MIN)) / Math.log(Math.max(most, 10) / AXIS_MIN)
  const top = y + PANEL.head
  const bottom = top + cells.length * PANEL.row
  const grid = TICKS.filter((tick) => tick <= most).map(
    (tick) =>
      `<line x1="${n(across(tick))}" y1="${top - 4}" x2="${n(across(tick))}" y2="${bottom}" stroke="${COLOURS.grid}"/>` +
      text(across(tick), bottom + 14, String(tick), { size: 10, colour: COLOURS.dim, anchor: 'middle' }),
  )
  const bars = cells.map((cell, at) => bar(cell, { left, across, x, y: top + at * PANEL.row }))
  return [text(x, y + 16, title, { size: 14, weight: 600 }), ...grid, ...bars].join('\n')
}

type Bar = { readonly left: number; readonly across: (value: number) => number; readonly x: number; readonly y: number }

function bar({ policy, summary }: Cell, { left, across, x, y }: Bar): string {
  const { mean, low, high } = summary.harmful
  const middle = y + PANEL.row / 2 - 2
  const own = isOwn(policy)
  const shares = `${percent(summary.auto_light.mean)} / ${percent(summary.auto_full.mean)} %`
  return [
    text(x, middle + 4, POLICIES[policy].title, { size: 11, weight: own ? 600 : 400 }),
    `<rect x="${n(left)}" y="${n(y)}" width="${n(across(mean) - left)}" height="${PANEL.row - 5}" fill="${own ? COLOURS.own : COLOURS.other}"/>`,
    `<line x1="${n(across(low))}" y1="${n(middle)}" x2="${n(across(high))}" y2="${n(middle)}" stroke="${COLOURS.bar}" stroke-width="1.5"/>`,
    text(x + PANEL.width - 72, middle + 4, short(mean), { size: 11, weight: own ? 600 : 400, anchor: 'end' }),
    text(x + PANEL.width, middle + 4, shares, { size: 10, colour: COLOURS.dim, anchor: 'end' }),
  ].join('')
}

function isOwn(policy: PolicyName): boolean {
  return policy.startsWith('gradus')
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1)
}

function percent(share: number): string {
  return (100 * share).toFixed(0)
}

function n(value: number): string {
  return String(Math.round(value * 10) / 10)
}

type Look = { readonly size?: number; readonly weight?: number; readonly colour?: string; readonly anchor?: 'middle' | 'end' }

function text(x: number, y: number, words: string, { size = 12, weight = 400, colour = COLOURS.ink, anchor }: Look): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const place = `x="${n(x)}" y="${n(y)}"${anchor === undefined ? '' : ` text-anchor="${anchor}"`}`
  return `<text ${place} ${FONT} font-size="${size}" font-weight="${weight}" fill="${colour}">${escaped}</text>`
}
