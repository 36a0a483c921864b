import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { app } from './lib/app.svelte';
import { install_hook } from './lib/test_hook';

install_hook();
void app.start();
mount(App, { target: document.getElementById('app')! });
