import { z } from 'zod'

import { DetectRuleId, SEQUENCE_STEPS_MAX } from './sequence-rules.ts'

/** Most tools remembered per agent. */
export const TOOLS_MAX = 128
/** Most tool-to-tool transitions remembered per agent. */
export const TRANSITIONS_MAX = 256
/** Most argument shapes remembered per scope. */
export const SCOPE_SHAPES_MAX = 256
/** Most sessions whose last tool is remembered per agent. */
export const LAST_TOOLS_MAX = 32
/** Most sequences that are under way per agent. */
export const OPEN_MATCHES_MAX = 128

const count = z.int().min(0)
const hash = z.int().min(0).max(0xffff_ffff)
/** Milliseconds since 1970-01-01 UTC. */
const timeMs = z.number()

/** Running mean and variance, exponentially forgetting; `n` counts what went in. */
export const Baseline = z
  .strictObject({ n: count.default(0), mean: z.number().default(0), variance: z.number().min(0).default(0) })
  .readonly()
export type Baseline = z.infer<typeof Baseline>

/** Count in the window that is open, and what windows with anything in them usually hold (log of 1 + count). */
export const WindowState = z
  .strictObject({ start_ms: timeMs.nullable().default(null), count: count.default(0), usual: Baseline.prefault({}) })
  .readonly()
export type WindowState = z.infer<typeof WindowState>

/** What was met before (hashes, least recent first), how often something new comes (decayed share, 1 at the start), and whether a baseline stands. */
const novelty = (max: number) =>
  z
    .strictObject({
      known: z.array(hash).max(max).readonly().default([]),
      seen: count.default(0),
      rate: z.number().min(0).max(1).default(1),
      established: z.boolean().default(false),
    })
    .readonly()
export type NoveltyState = z.infer<ReturnType<typeof novelty>>

/** A CUSUM in integers. */
export const IntegerCusum = z.strictObject({ sum: count.default(0) }).readonly()
export type IntegerCusum = z.infer<typeof IntegerCusum>

/** A two-sided CUSUM over standardised values. */
export const CusumState = z.strictObject({ up: z.number().min(0).default(0), down: z.number().min(0).default(0) }).readonly()
export type CusumState = z.infer<typeof CusumState>

/** Page-Hinkley: values seen, their mean, the sum. */
export const PageHinkleyState = z
  .strictObject({ n: count.default(0), mean: z.number().default(0), sum: z.number().min(0).default(0) })
  .readonly()
export type PageHinkleyState = z.infer<typeof PageHinkleyState>

/** A sequence under way: rule, steps done, the session (null: any), when its first step and its latest were. */
export const OpenMatch = z
  .strictObject({
    rule: DetectRuleId,
    done: z.int().min(1).max(SEQUENCE_STEPS_MAX),
    session: hash.nullable(),
    first_ms: timeMs,
    last_ms: timeMs,
  })
  .readonly()
export type OpenMatch = z.infer<typeof OpenMatch>

/** The last tool of a session (hashes). */
export const LastTool = z.strictObject({ session: hash.nullable(), tool: hash }).readonly()
export type LastTool = z.infer<typeof LastTool>

/** Detector state of one agent. `AgentDetectState.parse({})` is that of a new one. */
export const AgentDetectState = z
  .strictObject({
    calls: WindowState.prefault({}),
    destructive: WindowState.prefault({}),
    tools: novelty(TOOLS_MAX).prefault({}),
    transitions: novelty(TRANSITIONS_MAX).prefault({}),
    last_tools: z.array(LastTool).max(LAST_TOOLS_MAX).readonly().default([]),
    denials: IntegerCusum.prefault({}),
    open: z.array(OpenMatch).max(OPEN_MATCHES_MAX).readonly().default([]),
  })
  .readonly()
export type AgentDetectState = z.infer<typeof AgentDetectState>

/** Detector state of one scope of an agent. `ScopeDetectState.parse({})` is that of a new one. */
export const ScopeDetectState = z
  .strictObject({
    failures: IntegerCusum.prefault({}),
    tokens: z
      .strictObject({ usual: Baseline.prefault({}), drift: PageHinkleyState.prefault({}) })
      .readonly()
      .prefault({}),
    output: z
      .strictObject({ bits: Baseline.prefault({}), encoded: Baseline.prefault({}), drift: CusumState.prefault({}) })
      .readonly()
      .prefault({}),
    shapes: novelty(SCOPE_SHAPES_MAX).prefault({}),
  })
  .readonly()
export type ScopeDetectState = z.infer<typeof ScopeDetectState>

/** What `detect` reads and gives back: the state of the agent, and of the scope that the action belongs to. Two documents, each of bounded size. */
export const DetectState = z
  .strictObject({ agent: AgentDetectState.prefault({}), scope: ScopeDetectState.prefault({}) })
  .readonly()
export type DetectState = z.infer<typeof DetectState>
