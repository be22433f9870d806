// npm: rxjs@7.8.2
import { from, interval, lastValueFrom, map, mergeMap, take, toArray, of, delay } from "rxjs";
export default async () => Response.json([await lastValueFrom(from([1, 2, 3]).pipe(mergeMap((x) => of(x * 2).pipe(delay(5 * x))), toArray())), await lastValueFrom(interval(2).pipe(take(3), map((x) => x + 1), toArray()))]);
