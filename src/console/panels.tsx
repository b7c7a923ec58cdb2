/** Sinks, processes and the ledger. */
import type { ComponentChildren } from 'preact';
import type { ByReason, ProcessState, SinkState, State } from '../shipper/console/wire.js';
import { age, lines, rate, sum, whole } from './format.js';
import type { Speeds } from './history.js';

export function SinkCards({ state, speeds }: { readonly state: State; readonly speeds: Speeds }) {
  return (
    <section aria-labelledby="sinks">
      <h2 id="sinks">Sinks</h2>
      {state.sinks.map((sink) => (
        <SinkCard key={sink.name} sink={sink} speed={speeds.delivered[sink.name] ?? 0} />
      ))}
    </section>
  );
}

function SinkCard({ sink, speed }: { readonly sink: SinkState; readonly speed: number }) {
  const { name, delivered, held, oldestHeldSeconds, failures, lastError, retries, deadLettered, dropped } = sink;
  return (
    <article class="card" data-sink={name}>
      <h3>
        {name} <span class={`chip ${failures > 0 ? 'stuck' : 'good'}`}>{failures > 0 ? 'failing' : 'accepting'}</span>
      </h3>
      <dl>
        <Pair name="Delivered" value={lines(delivered.records)} also={`${rate(speed)}/s`} />
        <Pair
          name="Held"
          value={lines(held.records)}
          also={held.records > 0 ? `oldest ${age(oldestHeldSeconds)}` : ''}
        />
        <Reasons name="Retries" counts={retries} />
        <Reasons name="Dead letters" counts={deadLettered} weight="notice" />
        <Reasons name="Dropped" counts={dropped} weight="lost" />
      </dl>
      {lastError !== undefined && (
        <p class={`error ${failures > 0 ? 'now' : ''}`}>
          <span>
            {failures > 0 ? 'Error' : 'Last error, over'} · {age(lastError.secondsAgo)} ago
          </span>{' '}
          {lastError.detail}
        </p>
      )}
    </article>
  );
}

const Pair = ({ name, value, also }: { readonly name: string; readonly value: string; readonly also: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>
      {value} {also !== '' && <small>{also}</small>}
    </dd>
  </div>
);

function Reasons({
  name,
  counts,
  weight = '',
}: {
  readonly name: string;
  readonly counts: ByReason;
  readonly weight?: string;
}) {
  const reasons = Object.entries(counts).filter(([, records]) => records > 0);
  if (reasons.length === 0) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd class={weight}>
        {whole(sum(counts))}{' '}
        <small>{reasons.map(([reason, records]) => `${reason} ${whole(records)}`).join(', ')}</small>
      </dd>
    </div>
  );
}

/** Enough for a look: `/status` has more. */
const ROWS_MAX = 50;

export function ProcessTable({ state: { processes, processesSeen } }: { readonly state: State }) {
  const left = processesSeen - Math.min(processes.length, ROWS_MAX);
  return (
    <section aria-labelledby="processes">
      <h2 id="processes">Processes</h2>
      {processes.length === 0 ? (
        <p class="empty">None has written a line.</p>
      ) : (
        <Table label="Table of processes" columns={['Process', 'stdout', 'stderr', 'files', 'Last read']}>
          {processes.slice(0, ROWS_MAX).map((process) => (
            <ProcessRow key={process.instance} {...process} />
          ))}
        </Table>
      )}
      {left > 0 && processes.length > 0 && <p class="empty">and {whole(left)} more, read longer ago</p>}
    </section>
  );
}

const ProcessRow = ({ process, pid, container, records, readSecondsAgo, isOpen }: ProcessState) => (
  <tr data-pid={pid}>
    <th scope="row">
      {process || 'unknown'} <small>{[pid > 0 && pid, container].filter(Boolean).join(' · ')}</small>
    </th>
    <td>{whole(records.stdout)}</td>
    <td>{whole(records.stderr)}</td>
    <td>{whole(records.file)}</td>
    <td>
      {readSecondsAgo === undefined ? 'never' : `${age(readSecondsAgo)} ago`} {!isOpen && <small>ended</small>}
    </td>
  </tr>
);

export function LedgerTable({ state: { ledger, balanced } }: { readonly state: State }) {
  const rows = Object.entries(ledger.sinks).flatMap(([sink, { streams }]) =>
    Object.entries(streams).map(([stream, counts]) => ({ sink, stream, counts })),
  );
  const isRouted = rows.some(({ counts }) => counts.elsewhere !== undefined);
  return (
    <section aria-labelledby="ledger" id="ledger-section">
      <h2 id="ledger" tabIndex={-1}>
        Ledger <span class={`chip ${balanced ? 'good' : 'lost'}`}>{balanced ? 'balanced' : 'does not balance'}</span>
      </h2>
      {rows.length === 0 ? (
        <p class="empty">Nothing is counted yet.</p>
      ) : (
        <Table
          label="Table of the ledger"
          columns={[
            'Stream',
            'Read',
            'Delivered',
            'Held',
            'Withheld',
            'Dead letters',
            'Dropped',
            ...(isRouted ? ['To other sinks'] : []),
          ]}
        >
          {rows.map(({ sink, stream, counts }) => (
            <tr key={`${sink} ${stream}`} data-row={`${sink} ${stream}`}>
              <th scope="row">
                {stream} <small>{sink}</small>
              </th>
              <td>{whole(counts.read)}</td>
              <td>{whole(counts.delivered)}</td>
              <td>{whole(counts.held)}</td>
              <td>{whole(counts.withheld ?? 0)}</td>
              <td class={counts.deadLettered > 0 ? 'notice' : ''}>{whole(counts.deadLettered)}</td>
              <td class={counts.dropped > 0 ? 'lost' : ''}>{whole(counts.dropped)}</td>
              {isRouted && <td>{whole(counts.elsewhere ?? 0)}</td>}
            </tr>
          ))}
        </Table>
      )}
      <p class="empty">
        Read = delivered + held + withheld + dead letters + dropped{isRouted && ' + to other sinks'}, for each sink.
      </p>
    </section>
  );
}

interface TableProps {
  readonly label: string;
  readonly columns: readonly string[];
  readonly children: ComponentChildren;
}

const Table = ({ label, columns, children }: TableProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
  <section class="scroll" tabIndex={0} aria-label={label}>
    <table>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </section>
);
