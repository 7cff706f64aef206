"""Study rooms and pods: what is free, who has it, and what else there is when it is taken."""
