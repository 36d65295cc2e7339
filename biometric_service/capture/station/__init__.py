"""The agent of an enrolment station: devices of this machine, served over loopback to the page of the service alone."""
