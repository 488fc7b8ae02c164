import {parentPort, workerData} from 'node:worker_threads';
import {drawPictures, type Drawing} from './draw-pictures.ts';

// A thread that draws some of a folder's pictures: draw-in-threads.ts has the other end.
await drawPictures(workerData as Drawing, drawn => parentPort?.postMessage(drawn, []));
