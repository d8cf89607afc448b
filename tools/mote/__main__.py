from mote.cli import main

raise SystemExit(main())
