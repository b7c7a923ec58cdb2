/** The page: the verdict, the way of a line, its sinks and writers, and what is being written now. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { State } from '../shipper/console/wire.js';
import { Flow } from './flow.js';
import { age } from './format.js';
import { History, type Speeds } from './history.js';
import { LedgerTable, ProcessTable, SinkCards } from './panels.js';
import { Tail } from './tail.js';
import { type Finding, findingsOf } from './verdict.js';

const POLL_MS = 1000;
/** An answer that takes longer is no answer. */
const ANSWER_MS = 5000;

interface Seen {
  readonly state: State;
  readonly speeds: Speeds;
}

/** The state every second, while someone looks; and what went wrong with the last question. */
function useShipper(): { readonly seen: Seen | undefined; readonly trouble: string | undefined } {
  const [seen, setSeen] = useState<Seen>();
  const [trouble, setTrouble] = useState<string>();
  const history = useRef(new History());
  useEffect(() => {
    let timer = 0;
    const ask = async () => {
      try {
        if (document.visibilityState === 'hidden') return;
        const response = await fetch('/status', { signal: AbortSignal.timeout(ANSWER_MS) });
        if (!response.ok) throw new Error((await response.text()).trim());
        const state = (await response.json()) as State;
        setSeen({ state, speeds: history.current.add(state) });
        setTrouble(undefined);
      } catch (error) {
        setTrouble(error instanceof Error ? error.message : String(error));
      } finally {
        timer = window.setTimeout(ask, POLL_MS);
      }
    };
    void ask();
    return () => clearTimeout(timer);
  }, []);
  return { seen, trouble };
}

const goneFinding = (trouble: string): Finding => ({
  weight: 'stuck',
  title: 'The shipper does not answer',
  text: `${trouble}. The figures below are the last ones that it gave.`,
  remedy: 'Is it still running, and is the port-forward? This page goes on as soon as it answers.',
});

export function App() {
  const { seen, trouble } = useShipper();
  const findings = trouble === undefined ? seen && findingsOf(seen.state) : ([goneFinding(trouble)] as const);
  useEffect(() => {
    const name = seen?.state.pod.name || 'logtap';
    document.title = findings === undefined ? name : `${findings[0].title} · ${name}`;
  }, [seen, findings]);
  return (
    <>
      <a class="skip" href="#lines">
        Skip to live lines
      </a>
      <a class="skip" href="#ledger">
        Skip to the ledger
      </a>
      <Head state={seen?.state} />
      <main>
        {findings === undefined ? (
          <p class="verdict quiet">Asking the shipper…</p>
        ) : (
          <Verdict findings={findings} hasTrouble={trouble !== undefined} />
        )}
        {seen !== undefined && findings !== undefined && <Flow {...seen} findings={findings} />}
        <div class="columns">
          <Tail />
          {seen !== undefined && (
            <div class="figures">
              <SinkCards {...seen} />
              <ProcessTable state={seen.state} />
              <LedgerTable state={seen.state} />
            </div>
          )}
        </div>
      </main>
    </>
  );
}

function Head({ state }: { readonly state: State | undefined }) {
  const { namespace = '', name = '', node = '' } = state?.pod ?? {};
  const where = [namespace, name].filter(Boolean).join(' / ');
  return (
    <header>
      <h1>
        <span class="brand">logtap</span> {where || 'console'}
      </h1>
      {state !== undefined && (
        <p>
          {node !== '' && <span>node {node}</span>}
          <span>shipper {state.version}</span>
          <span>up {age(state.uptimeSeconds)}</span>
        </p>
      )}
    </header>
  );
}

const MARKS: Readonly<Record<Finding['weight'], string>> = {
  lost: '✕',
  stuck: '!',
  notice: '!',
  quiet: '–',
  good: '✓',
};

function Verdict({ findings, hasTrouble }: { readonly findings: readonly Finding[]; readonly hasTrouble: boolean }) {
  const [first, ...others] = findings;
  return (
    <section class={`verdict ${first!.weight}`} aria-labelledby="verdict" data-trouble={hasTrouble}>
      {/* Only the title is announced: the numbers change every second. */}
      <h2 id="verdict">
        <span class="mark" aria-hidden="true">
          {MARKS[first!.weight]}
        </span>
        <span role="status">{first!.title}</span>
      </h2>
      <p>{first!.text}</p>
      {first!.remedy !== undefined && <Remedy text={first!.remedy} />}
      {others.length > 0 && (
        <ul class="others">
          {others.map((finding) => (
            <li key={finding.title + finding.text}>
              <strong>{finding.title}.</strong> {finding.text}
              {finding.remedy !== undefined && <Remedy text={finding.remedy} />}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const Remedy = ({ text }: { readonly text: string }) => (
  <p class="remedy">
    <span>What to do</span> {text}
  </p>
);
