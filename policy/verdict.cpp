namespace backstop::policy {}
