import {Text} from 'ink';
import {useCallback, useEffect, useState} from 'react';
import type {TrainingConfig} from '../presets/index.ts';
import {Home} from './home.tsx';
import {useLatest} from './latest-input.ts';
import type {OpenRooms} from './rooms.tsx';
import {useSize, type PictureCache} from './term/index.ts';
import type {Answers, StepKey, SubjectChoice} from './wizard/index.ts';

/** What a person left the app for. */
export type Leaving =
	| {readonly type: 'compare'; readonly runFolders: readonly [string, string]}
	| {readonly type: 'watch'; readonly runFolder: string; readonly isNew: boolean}
	| {readonly type: 'quit'}
	/** What is behind the first page could not be opened. */
	| {readonly type: 'failed'; readonly error: unknown};

/** Where one is in the app. */
export type Room =
	| {readonly name: 'home'}
	| {readonly name: 'new run'; readonly subject: SubjectChoice; readonly firstStep?: StepKey}
	| {readonly name: 'wizard'; readonly answers: Answers; readonly firstStep?: StepKey}
	| {readonly name: 'runs'}
	| {readonly name: 'presets'};

export interface AppProps {
	/** Loads what is behind the first page. */
	readonly openRooms: () => Promise<OpenRooms>;
	readonly pictures: PictureCache;
	/** What the person should know before any run starts. */
	readonly warnings: readonly string[];
	/** Resolves with the folder of the run; rejects with what stands in its way. */
	readonly start: (config: TrainingConfig) => Promise<string>;
	/** Continues a run that has ended; rejects with what stands in its way. */
	readonly resume: (runFolder: string) => Promise<void>;
	readonly room: Room;
	readonly onLeave: (leaving: Leaving) => void;
}

/** By then the first page is on the screen: loading takes the processor for a while. */
const FIRST_PAGE_MS = 10;

/** All that there is outside of a run. */
export function App({openRooms, room: firstRoom, onLeave, ...others}: AppProps) {
	const area = useSize();
	const open = useRooms({openRooms, onLeave});
	const [room, setRoom] = useState(firstRoom);
	const goHome = useCallback(() => setRoom({name: 'home'}), []);
	const quit = useCallback(() => onLeave({type: 'quit'}), [onLeave]);
	if (room.name === 'home') {
		return <Home area={area} {...(open && {about: open.about})} onGo={setRoom} onQuit={quit}/>;
	}

	return open ? <open.Rooms {...others} {...open} area={area} room={room} onGo={setRoom} onHome={goHome} onQuit={quit} onLeave={onLeave}/> : <Text>Looking at this machine ...</Text>;
}

function useRooms({openRooms, onLeave}: Pick<AppProps, 'openRooms' | 'onLeave'>): OpenRooms | undefined {
	const [open, setOpen] = useState<OpenRooms>();
	const latest = useLatest({openRooms, onLeave});
	useEffect(() => {
		const load = async (): Promise<void> => {
			try {
				setOpen(await latest.current.openRooms());
			} catch (error) {
				latest.current.onLeave({type: 'failed', error});
			}
		};

		const timer = setTimeout(() => void load(), FIRST_PAGE_MS);
		return () => clearTimeout(timer);
	}, [latest]);
	return open;
}
