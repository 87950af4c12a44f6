import journal from './meta/_journal.json';
import m0000 from './0000_initial.sql';
import m0001 from './0001_turn-policy.sql';
import m0002 from './0002_lives-branches-summaries.sql';
import m0003 from './0003_call-settings.sql';
import m0004 from './0004_ticket-credential.sql';

  export default {
    journal,
    migrations: {
      m0000,
m0001,
m0002,
m0003,
m0004
    }
  }
  