/** Live lines, with a filter and a pause. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { TAIL_LEVELS } from '../shipper/console/wire.js';
import { lines, whole } from './format.js';
import { followTail, type TailChoice } from './tail-stream.js';
import { type TailCounts, TailView } from './tail-view.js';

/** After the last key: each change is a new request. */
const TYPING_MS = 300;
const NONE: TailCounts = { shown: 0, notShown: 0, waiting: 0 };
const ALL: TailChoice = { level: '', match: '' };

export function Tail() {
  const list = useRef<HTMLOListElement>(null);
  const view = useRef<TailView>();
  const [counts, setCounts] = useState(NONE);
  const [choice, setChoice] = useState(ALL);
  const [isPaused, setPaused] = useState(false);
  const [isAtEnd, setAtEnd] = useState(true);
  const [following, setFollowing] = useState<TailChoice>();
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => {
    view.current = new TailView(list.current!, setCounts);
  }, []);
  const onFollowing = () => {
    setFollowing(choice);
    setTrouble(undefined);
  };
  useTail(choice, view, onFollowing, setTrouble);
  const pause = (pauses: boolean) => {
    view.current?.pause(pauses);
    setPaused(pauses);
  };
  const toEnd = () => {
    view.current?.toEnd();
    setAtEnd(true);
  };
  return (
    <section class="tail" aria-labelledby="lines" data-following={following === choice && trouble === undefined}>
      <h2 id="lines" tabIndex={-1}>
        Live lines
      </h2>
      <Controls
        choice={choice}
        onChoice={setChoice}
        isPaused={isPaused}
        onPause={pause}
        onClear={() => view.current?.clear()}
      />
      <div class="window">
        {/* Lines come too fast to be announced; the list is read by moving into it. */}
        <ol
          ref={list}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
          tabIndex={0}
          aria-label="Lines as they go to the sinks"
          onScroll={() => setAtEnd(view.current?.scrolled() ?? true)}
        />
        {counts.shown === 0 && counts.waiting === 0 && (
          <p class="waiting">
            {choice === ALL
              ? 'Waiting for the next line. Lines from before this page was open are in the sinks.'
              : 'Waiting for a line that matches.'}
          </p>
        )}
        {!isAtEnd && !isPaused && (
          <button type="button" class="to-end" onClick={toEnd}>
            To the newest line
          </button>
        )}
      </div>
      <p class="counts" data-paused={isPaused}>
        {trouble !== undefined && <strong class="stuck">{trouble}. </strong>}
        {isPaused ? `Paused; ${lines(counts.waiting)} waiting` : `${lines(counts.shown)} shown`}
        {counts.notShown > 0 &&
          `, ${whole(counts.notShown)} not shown: they come too fast to read, and are delivered all the same`}
      </p>
    </section>
  );
}

/** Follows the tail while someone looks, anew with each choice. */
function useTail(
  choice: TailChoice,
  view: { readonly current?: TailView | undefined },
  onFollowing: () => void,
  onTrouble: (trouble: string) => void,
): void {
  const [isVisible, setVisible] = useState(document.visibilityState !== 'hidden');
  useEffect(() => {
    const see = () => setVisible(document.visibilityState !== 'hidden');
    document.addEventListener('visibilitychange', see);
    return () => document.removeEventListener('visibilitychange', see);
  }, []);
  useEffect(() => {
    if (!isVisible) return;
    const end = new AbortController();
    view.current?.choose(choice);
    const timer = setTimeout(
      () => void followTail(choice, end.signal, (some) => view.current?.add(some), onFollowing, onTrouble),
      choice === ALL ? 0 : TYPING_MS,
    );
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [choice, isVisible]);
}

interface ControlsProps {
  readonly choice: TailChoice;
  readonly onChoice: (choice: TailChoice) => void;
  readonly isPaused: boolean;
  readonly onPause: (isPaused: boolean) => void;
  readonly onClear: () => void;
}

const Controls = ({ choice, onChoice, isPaused, onPause, onClear }: ControlsProps) => (
  <div class="controls">
    <label>
      <span>Contains</span>
      <input
        type="search"
        name="match"
        maxLength={200}
        autocomplete="off"
        spellcheck={false}
        value={choice.match}
        onInput={({ currentTarget }) => onChoice({ ...choice, match: currentTarget.value })}
      />
    </label>
    <label>
      <span>Level</span>
      <select
        name="level"
        value={choice.level}
        onChange={({ currentTarget }) => onChoice({ ...choice, level: currentTarget.value })}
      >
        <option value="">all</option>
        {TAIL_LEVELS.map((level) => (
          <option key={level} value={level}>
            {level}
            {level === 'fatal' ? '' : ' and above'}
          </option>
        ))}
      </select>
    </label>
    <button type="button" name="pause" aria-pressed={isPaused} onClick={() => onPause(!isPaused)}>
      {isPaused ? 'Go on' : 'Pause'}
    </button>
    <button type="button" name="clear" onClick={onClear}>
      Clear
    </button>
  </div>
);
