/** Harms a segment of the disk buffer, as a bad disk or a user does. */
import type { Books } from './books.js';
import type { Step } from './plan.js';
import { DISK, type Files, type Inode } from './world/files.js';

type Damage = Extract<Step, { readonly do: 'damage' }>;

/** Adds the segment to those that are damaged. */
export function damage(files: Files, books: Books, damaged: Set<Inode>, { how, pick }: Damage): void {
  const segments = files.list(DISK).filter((name) => name.endsWith('.segment'));
  if (segments.length === 0) return;
  const path = `${DISK}/${segments[pick % segments.length]}`;
  const inode = files.find(path)!;
  damaged.add(inode);
  // After a crash nothing tells a batch that was cut off from one that was never written to its end.
  if (books.crashes > 0) {
    const others = segments.map((name) => files.find(`${DISK}/${name}`)!).filter((each) => each !== inode);
    books.excuse(
      'damage',
      'all',
      others.map((each) => files.bytesOf(each)),
    );
  }
  if (how === 'remove') files.unlink(path);
  else if (how === 'empty') files.truncate(inode, 0);
  else if (how === 'cut') files.truncate(inode, Math.floor((inode.size * pick) / 10));
  else for (let at = 40 + pick; at < inode.size; at += 1000) inode.content[at]! ^= 0x10;
}
