/// Starts the window's page: over which core, and where it is shown.
import '@fontsource-variable/bricolage-grotesque/opsz.css';
import '@fontsource-variable/inter/wght.css';
import './tokens.css';
import './base.css';
import { mount } from 'svelte';
import { core } from '#core';
import App from './App.svelte';
import { connect } from './ipc/client';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has an element #app');
connect(core);
mount(App, { target });
