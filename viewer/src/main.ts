import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { language } from './i18n/index.svelte';
import { app } from './lib/app.svelte';
import { install_hook } from './lib/test_hook';

install_hook();
void app.start();
void language.start().then(() => mount(App, { target: document.getElementById('app')! }));
